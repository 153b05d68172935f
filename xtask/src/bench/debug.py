"""Runs inside LLDB: attaches to a guest that stands before its start, has a breakpoint whose condition does not
hold, and prints how often it was hit and how many seconds the guest ran."""

import os
import time

import lldb

HITS = 1000
hits = 0


def look(frame, location, arguments, internals):
    """The condition as a callback: true at the last hit."""
    global hits
    hits += 1
    seed = frame.thread.process.target.FindFirstGlobalVariable("seed")
    return seed.unsigned == 0 or hits == HITS


def __lldb_init_module(debugger, _):
    global hits
    debugger.SetAsync(False)
    debugger.HandleCommand("process connect --plugin wasm connect://127.0.0.1:" + os.environ["GUEST_PORT"])
    target = debugger.GetSelectedTarget()
    if condition := os.environ.get("CONDITION"):
        # A line that is executed 96 times: the guest runs to its end.
        target.BreakpointCreateByLocation("c-compute.c", 53).SetCondition(condition)
        hits = 96
    else:
        # Where `next_random` begins LLDB does not know its own breakpoint again.
        breakpoint = target.BreakpointCreateByLocation("c-compute.c", 16)
        breakpoint.SetScriptCallbackFunction("debug.look")
    process = target.GetProcess()
    begun = time.monotonic()
    process.Continue()
    seconds = time.monotonic() - begun
    if process.GetState() == (lldb.eStateExited if condition else lldb.eStateStopped):
        print("measured", hits, seconds)

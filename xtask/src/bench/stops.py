"""Runs inside LLDB: attaches to a guest that has run nothing, takes it to a function and steps through its
lines; at each stop asks what a front end asks. Prints how many stops took how many seconds, for each question."""

import os
import time

import lldb


def backtrace(thread):
    for frame in thread:
        frame.GetFunctionName(), frame.GetLineEntry().GetLine()
        values(frame.GetVariables(True, False, False, True))


def local_variables(thread):
    values(thread.GetFrameAtIndex(0).GetVariables(False, True, False, True))


def values(variables):
    for variable in variables:
        variable.GetValue()


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    debugger.HandleCommand("process connect --plugin wasm connect://127.0.0.1:" + os.environ["GUEST_PORT"])
    target = debugger.GetSelectedTarget()
    breakpoint = target.BreakpointCreateByName(os.environ["FUNCTION"])
    process = target.GetProcess()
    process.Continue()
    target.BreakpointDelete(breakpoint.GetID())
    thread = process.GetSelectedThread()
    stops = int(os.environ["STOPS"])
    seconds = {"next": 0.0, "bt": 0.0, "locals": 0.0, "stepi": 0.0}

    def timed(what, question, *arguments):
        begun = time.monotonic()
        question(*arguments)
        seconds[what] += time.monotonic() - begun

    for _ in range(stops):
        timed("next", thread.StepOver)
        timed("bt", backtrace, thread)
        timed("locals", local_variables, thread)
    for _ in range(stops):
        timed("stepi", thread.StepInstruction, False)
    if process.GetState() == lldb.eStateStopped:
        print("measured", stops, *seconds.values())

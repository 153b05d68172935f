"""Runs inside LLDB: attaches to a guest that stands before its start, lets it run into its trap, and shows
the variables of every frame."""

import os

import lldb


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    port = os.environ["GUEST_PORT"]
    debugger.HandleCommand("process connect --plugin wasm connect://127.0.0.1:" + port)
    process = debugger.GetSelectedTarget().GetProcess()
    process.Continue()
    commands = debugger.GetCommandInterpreter()
    said = lldb.SBCommandReturnObject()
    for frame in process.GetSelectedThread():
        print(frame)
        commands.HandleCommand("frame variable", lldb.SBExecutionContext(frame), said)
        print(said.GetOutput() or said.GetError() or "")
    print("end")

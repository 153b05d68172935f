"""Runs inside LLDB, attached to a guest that stands before its start: lets it run into its trap and
writes what LLDB says of every variable of every frame, a line of JSON for each step, to $RECORD_TO.

With $RECORD_CALLS, a list of PC:FRAMES, it writes instead what LLDB says of the function that is about
to make the call that returns to PC, when that many frames are on the stack: a call in a loop is
written as often as it is made.

A line {"begin": KEY} comes before each variable, so that whoever reads the lines knows which one
LLDB died of; the keys in $RECORD_WITHOUT, one a line, are left out."""

import json
import os

import lldb

# Elements of an array that are recorded: these many from its beginning, and the last one.
ELEMENTS = 8
# Scalars that are recorded of one variable, and levels of members.
SCALARS = 300
DEPTH = 16
# How often calls are looked at, in all.
STOPS = 300
# LLDB's address of the first byte of the module, and what of an address is an offset in it.
CODE = 0x4000000000000000
OFFSET = 0xFFFFFFFF
# The linker leaves the index of a called function its five bytes.
CALL_LENGTH = 6

SCOPES = {
    lldb.eValueTypeVariableArgument: "argument",
    lldb.eValueTypeVariableLocal: "local",
    lldb.eValueTypeVariableStatic: "static",
    lldb.eValueTypeVariableGlobal: "global",
    lldb.eValueTypeVariableThreadLocal: "thread-local",
}
NO_INTEGER = lldb.eTypeIsFloat | lldb.eTypeIsComplex


def scalar(value, path):
    """What LLDB says of a value without members."""
    said = {"path": path, "type": value.GetTypeName()}
    error = value.GetError()
    text = value.GetValue()
    if error.Fail() or text is None:
        said["error"] = error.GetCString() or "no value"
        return said
    said["value"] = text
    kind = value.GetType().GetCanonicalType()
    if kind.GetTypeClass() == lldb.eTypeClassEnumeration:
        kind = kind.GetEnumerationIntegerType().GetCanonicalType()
    if kind.GetTypeFlags() & NO_INTEGER or kind.GetByteSize() > 8:
        said["bytes"] = bytes(value.GetData().uint8s).hex()
    elif kind.GetTypeFlags() & lldb.eTypeIsSigned:
        said["number"] = value.GetValueAsSigned()
    else:
        said["number"] = value.GetValueAsUnsigned()
    return said


def children(value):
    """Each member, element or base class, with its place in the list."""
    count = value.GetNumChildren()
    places = range(count)
    if value.GetType().GetCanonicalType().IsArrayType() and count > ELEMENTS + 1:
        places = [*range(ELEMENTS), count - 1]
    for place in places:
        child = value.GetChildAtIndex(place, lldb.eNoDynamicValues, False)
        # Where bit-fields leave a gap, LLDB makes up a member without a name.
        gap = not child.GetName() and child.GetNumChildren() == 0
        if child.IsValid() and not gap:
            child.SetPreferSyntheticValue(False)
            yield place, child


def extend(parent, path, place, child):
    """The path of a member: `a.b`, `a->b`, `a[1]`, `*a`, `a.<Base>.b`; that of an anonymous struct or
    union is its parent's."""
    kind = parent.GetType().GetCanonicalType()
    name = child.GetName()
    if kind.IsArrayType():
        return "%s[%d]" % (path, place)
    if kind.IsPointerType() or kind.IsReferenceType():
        pointee = kind.GetPointeeType().GetCanonicalType()
        if pointee.IsArrayType():
            return "(*%s)[%d]" % (path, place)
        if child.GetType().GetCanonicalType() == pointee and not pointee.IsAggregateType():
            return "*" + path
        joint = "->"
    else:
        joint = "."
        pointee = kind
    if not name:
        return path
    # By their names, because LLDB leaves empty base classes out.
    bases = range(pointee.GetNumberOfDirectBaseClasses())
    if name in [pointee.GetDirectBaseClassAtIndex(at).GetName() for at in bases]:
        name = "<%s>" % name
    return path + joint + name


def scalars(value, path, depth, followed, found):
    """All values without members in a variable. One pointer is followed on the way to each."""
    if len(found) >= SCALARS or depth > DEPTH:
        return
    kind = value.GetType().GetCanonicalType()
    points = kind.IsPointerType() or kind.IsReferenceType()
    if points or value.GetNumChildren() == 0 or value.GetError().Fail():
        found.append(scalar(value, path))
        if followed or not points or not value.GetValueAsUnsigned() or value.GetError().Fail():
            return
    for place, child in children(value):
        scalars(child, extend(value, path, place, child), depth + 1, followed or points, found)


def variable(value):
    found = []
    name = value.GetName()
    scalars(value, name, 0, False, found)
    said = {
        "name": name,
        "scope": SCOPES.get(value.GetValueType(), "other"),
        "line": value.GetDeclaration().GetLine(),
        "type": value.GetTypeName(),
    }
    address = value.GetLoadAddress()
    if address != lldb.LLDB_INVALID_ADDRESS:
        said["address"] = address
    said["scalars"] = found
    return said


def key(value):
    return "%s:%d" % (value.GetName(), value.GetDeclaration().GetLine())


class Recorder:
    def __init__(self):
        self.file = open(os.environ["RECORD_TO"], "w")
        self.without = set(os.environ.get("RECORD_WITHOUT", "").split("\n"))

    def put(self, **line):
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.file.flush()

    def variables(self, place, values):
        for value in values:
            where = "%s %s" % (place, key(value))
            if where in self.without:
                self.put(variable={"name": value.GetName(), "error": "LLDB crashes"})
                continue
            self.put(begin=where)
            value.SetPreferSyntheticValue(False)
            self.put(variable=variable(value))


def in_scope(frame):
    """The variables of the blocks around the frame's pc, the innermost block first, up to the
    function (or to the inlined one)."""
    block = frame.GetBlock()
    while block.IsValid():
        yield from block.GetVariables(frame, True, True, True, lldb.eNoDynamicValues)
        if block.IsInlined():
            break
        block = block.GetParent()


def about(frame, frames):
    line = frame.GetLineEntry()
    return {
        "frames": frames,
        "function": frame.GetFunctionName(),
        "inlined": frame.IsInlined(),
        "pc": frame.GetPC() & OFFSET,
        "file": line.GetFileSpec().GetFilename() if line.IsValid() else None,
        "line": line.GetLine() if line.IsValid() else None,
    }


def at_trap(debugger, process, recorder):
    process.Continue()
    thread = process.GetThreadAtIndex(0)
    recorder.put(lldb=debugger.GetVersionString(), stop=thread.GetStopDescription(200))
    units = {}
    for index, frame in enumerate(thread):
        frames = thread.GetNumFrames() - index
        recorder.put(frame=about(frame, frames))
        values = list(in_scope(frame))
        recorder.variables(frames, values)
        name = frame.GetCompileUnit().GetFileSpec().GetFilename()
        if name and name not in units:
            seen = {key(value) for value in values}
            statics = frame.GetVariables(False, False, True, False, lldb.eNoDynamicValues)
            rest = [value for value in statics if key(value) not in seen]
            rest.sort(key=lambda value: (value.GetDeclaration().GetLine(), value.GetName()))
            units[name] = rest
    for name, statics in units.items():
        recorder.put(unit=name)
        recorder.variables(name, statics)


def at_calls(calls, target, process, recorder):
    frames_at = {}
    for call in calls:
        pc, frames = map(int, call.split(":"))
        address = CODE + pc - CALL_LENGTH
        if target.ReadMemory(target.ResolveLoadAddress(address), 1, lldb.SBError()) == b"\x10":
            frames_at[address] = frames
            target.BreakpointCreateByAddress(address)
    for _ in range(STOPS):
        process.Continue()
        thread = process.GetThreadAtIndex(0)
        if thread.GetStopReason() != lldb.eStopReasonBreakpoint:
            break
        pc = thread.GetFrameAtIndex(0).GetPC()
        if frames_at.get(pc) != thread.GetNumFrames():
            continue
        for index, frame in enumerate(thread):
            if frame.GetPC() != pc:
                break
            frames = thread.GetNumFrames() - index
            recorder.put(frame=about(frame, frames))
            recorder.variables(frames, in_scope(frame))


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    # No formatters: what is compared is what lies in memory.
    debugger.HandleCommand("type category disable *")
    target = debugger.GetSelectedTarget()
    process = target.GetProcess()
    recorder = Recorder()
    calls = os.environ.get("RECORD_CALLS")
    if calls:
        at_calls(calls.split(","), target, process, recorder)
    else:
        at_trap(debugger, process, recorder)
    recorder.put(end=True)

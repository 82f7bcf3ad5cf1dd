"""Programs: a training step, captured once, printed as NumPy, and replayed over memory that is planned once.

    fast = tg.compile(step)     fast(x, y)     print(fast.source)

Forwards and derivatives are plain NumPy over whatever they are given. So the step is run once with Recorded objects in
the place of arrays; ops and the walk back run as always, and every NumPy call on a Recorded is written down as a Node:
what was called, with which nodes, the user's line, and the value in this run.

    compiled    is there a program for this call? Where there is none:
    1 look      what does the step's Python read?
                variables  walk  functions  inside  contents  places  bytecode
                whose  once
    2 record    the step runs, and each call of NumPy becomes a line
                capture  updates  flats  leaves  lines (each of them builds on the next)
                recorded  refusals  structures  rules  around  node  callables  origins
    3 keep      the lines that count, and what they leave behind
                program  sift  changes
    4 write     for people, fast.source:                listing  formulas  write
                for the machine, fast.planned_source:   plan  draft  buffers  kernels  floats
    5 call      all is as it was? Run it
                arguments  guards  replay  tensors  failing

What a program gives equals what the step gives to the last bit: lines keep their order and their operands' memory
order, and nothing is fused. docs/programs.md goes with a step through these files, and has what is an input, what is
state, what captures again, and what is refused.
"""

from .compiled import Compiled as Compiled
from .compiled import compile as compile

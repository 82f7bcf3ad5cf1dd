"""Programs: a training step, captured once, printed as NumPy, and replayed over memory that is planned once.

    fast = tg.compile(step)     fast(x, y)     print(fast.source)

Forwards and derivatives are plain NumPy over whatever they are given. So the step is run once with Recorded objects in
the place of arrays; ops and the walk back run as always, and every NumPy call on a Recorded is written down as a Node:
what was called, with which nodes, the user's line, and the value in this run.

| file | what it does |
|---|---|
| compiled.py | `tg.compile`: which program belongs to a call, and how one is made |
| variables.py | which variables the step's Python refers to, in its own code and in what that calls |
| walk.py | the walk that finds them: globals, attributes, elements, and so on from there |
| functions.py | its part that goes through code: globals, closures, defaults, modules |
| inside.py | what is inside things: closures, wrappers, methods, objects |
| places.py | where a value was read: how to ask for it again, whether it is the same, how to set it |
| bytecode.py | which names a function's code reads |
| whose.py | whose code something is: the user's own is looked into |
| once.py | what is different each time, and a program would do only once: the clock, random numbers that no op draws |
| structures.py | what a step is given and returns, taken apart: lists, tuples and dicts of arrays |
| recorded.py | Recorded: NumPy's protocols and operators, each of which notes a Node |
| refusals.py | what looks at values, or can't be repeated otherwise, is refused, and how |
| rules.py | which update rules are called as they are: those that keep something in Python |
| capture.py | what the engine tells: an op is applied, a random number drawn, a gradient received; names |
| leaves.py | the Tensors of the step: what stands for them, and what they had before |
| flats.py | the optimizers' arrays: how parameters and gradients come to their places there |
| updates.py | the optimizers of the step, and how their update rules are recorded |
| lines.py | the list of Nodes; arrays that are changed in place |
| node.py | Node: a line of the program, and what a line may call besides NumPy's functions |
| origins.py | where in the user's code a Node comes from: its name and line |
| program.py | the lines that count, equal ones once; what the step returns and leaves behind |
| write.py | Nodes as Python expressions |
| listing.py | `fast.source`: one readable function, named and commented as the user's code |
| formulas.py | an optimizer's rule on that page: `m += (1 - 0.9) * g`, where it writes into working space |
| plan.py | `fast.planned_source`: the same lines over buffers, which are reused when nobody reads them any more |
| draft.py | its text as it grows: what is made once, arrays for numbers, places of labels |
| memory.py | whose memory a line's result lies in, and the buffers that are free |
| kernels.py | how a line is computed into a buffer: the quickest call of NumPy that gives the same bits |
| floats.py | a program of single numbers over Python's own floats |
| arguments.py | what of the arguments makes another program |
| guards.py | numbers, settings and functions that the step's Python read: a change captures again |
| changes.py | variables that the step itself changes |
| replay.py | a call, written out: inputs in, results out; gradients, clocks, statistics as the step would leave them |
| tensors.py | what a call does with Tensors besides: tells apart, makes, gives gradients |
| failing.py | where a line fails: whose it is, and what is left |

What a program gives equals what the step gives to the last bit: lines keep their order and their operands' memory
order, and nothing is fused. docs/programs.md has the way of a step through these files, what is an input, what is
state, what captures again, and what is refused.
"""

from .compiled import Compiled as Compiled
from .compiled import compile as compile

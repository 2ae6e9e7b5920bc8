"""How does an integrator run many customers in one night? Reads who they are, starts each in a process of its own, on
as many machines as Ray has, and says what needs a person. May import everything below; `cli` hands in what a process
does. Only `cluster` imports Ray.
"""

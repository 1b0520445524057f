# A source that depends on the whole field, between walls.
model operator_between_walls
space x in [0, 1]
grid x = 20
state u(x)
learned s(u) by fno(modes = 4, width = 6)
dt(u) = dxx(u) - dx(s)
bc u = 0 at boundary

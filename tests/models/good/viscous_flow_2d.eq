# A velocity field, two components in one state.
model viscous_flow_2d
space x in [0, 1] periodic, y in [0, 1] periodic
grid x = 32, y = 32
vector state w(x, y)
param nu = fit 0.01 in (0, 1)
dt(w) = -advect(w, w) + nu*lap(w)
init w = (sin(2*pi*y), sin(2*pi*x))
penalty smooth = 1e-3*(dot(grad(w.x), grad(w.x)) + dot(grad(w.y), grad(w.y)))

# Incompressible flow in velocity and pressure: the pressure takes away what would make the flow diverge.
model taylor_green_pressure "periodic vortices that decay"

space x in [0, 2*pi] periodic, y in [0, 2*pi] periodic
grid x = 32, y = 32
vector state w(x, y)
state p(x, y)
param nu = 0.1

known inertia = -advect(w, w)
dt(w) = inertia - grad(p) + nu*lap(w)
0 = lap(p) - div(inertia) for p

init w = (sin(x)*cos(y), -cos(x)*sin(y))
law energy = integral(dot(w, w)/2) decreasing
law divergence = integral(div(w)^2) constant

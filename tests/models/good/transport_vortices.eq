# Vorticity follows the flow that it makes.
model transport_vortices
space x in [0, 2*pi] periodic, y in [0, 2*pi] periodic
grid x = 32, y = 32
state omega(x, y), psi(x, y)
param nu = 1e-3
scheme advect = semilagrangian(bicubic)
let w = (dy(psi), -dx(psi))
dt(omega) = -advect(w, omega) + nu*lap(omega)
0 = lap(psi) + omega for psi
init omega = sin(x)*sin(2*y) + 0.5*cos(3*x)

# Flow stirred in a box without friction at its walls, in vorticity and stream function.
model stirred_box "stream function given on walls of nodes"

space x in [0, 1], y in [0, 1]
grid x = 17 nodes, y = 17 nodes
state omega(x, y), psi(x, y)
param nu = 0.01
param stirring = fit 1 in (0, 5)

let w = (dy(psi), -dx(psi))
dt(omega) = -advect(w, omega) + nu*lap(omega) + stirring*exp(-20*((x - 0.5)^2 + (y - 0.5)^2))
0 = lap(psi) + omega for psi

bc omega = 0 at boundary
bc psi = 0 at boundary
init omega = 0

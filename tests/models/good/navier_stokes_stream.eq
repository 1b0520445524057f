# The same flow in vorticity and stream function: free of divergence by construction.
model taylor_green_stream "periodic vortices that decay"

space x in [0, 2*pi] periodic, y in [0, 2*pi] periodic
grid x = 32, y = 32
state omega(x, y), psi(x, y)
param nu = 0.1

let w = (dy(psi), -dx(psi))
dt(omega) = -advect(w, omega) + nu*lap(omega)
0 = lap(psi) + omega for psi

init omega = 2*sin(x)*sin(y)
law energy = integral(dot(w, w)/2) decreasing

# Transport by a flow through ground of varying permeability.
model darcy "pressure from a given permeability"

space x in [0, 2], y in [0, 1]
grid x = 24, y = 12
state c(x, y), p(x, y)
param k0 = fit 1 in (0.1, 10)
param D = 0.01

let k = k0*(1 + 0.8*sin(3*x)*cos(2*y))
let flux = -k*grad(p)
dt(c) = -div(c*flux) + D*lap(c)
0 = div(k*grad(p)) + 0.1*c for p

bc p = 1 at x = 0
bc p = 0 at x = 2
init c = exp(-20*((x - 0.5)^2 + (y - 0.5)^2))

# Sod's shock tube: density, momentum and energy of a gas, at rest on both sides of a membrane.
model transport_sod "Euler equations of gas dynamics"
space x in [0, 1]
grid x = 100
state rho(x), m(x), E(x)
param gamma = 1.4
let p = (gamma - 1)*(E - m^2/(2*rho))
scheme dx = tvd(minmod)
dt(rho) = -dx(m)
dt(m) = -dx(m^2/rho) - dx(p)
dt(E) = -dx((E + p)*m/rho)
init rho = ifelse(x < 0.5, 1, 0.125)
init m = 0
init E = ifelse(x < 0.5, 2.5, 0.25)
law mass = integral(rho) constant

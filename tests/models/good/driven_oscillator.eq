# A forced oscillator: the force is measured, one series for each trajectory.
model driven_oscillator
time t: s
input force(t) per trajectory: m/s^2 cubic "measured at the support"
state q: m, v: m/s
param omega: 1/s = fit 2 in (0, 10)
dt(q) = v
dt(v) = -omega^2*q + force

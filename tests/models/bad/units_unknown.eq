space x: metre in [0, 1]
time t: second
state u(x): Kelvin
param k: m^2/sec = 1
dt(u) = k*dxx(u)

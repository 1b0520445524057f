model fitzhugh_nagumo_ode
state v, w
param a = 0.7
param b = 0.8
param tau = fit 12.5 in (1, 50)
param current = 0.5
dt(v) = v - v^3/3 - w + current
dt(w) = (v + a - b*w)/tau

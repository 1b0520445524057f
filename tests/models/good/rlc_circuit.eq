model rlc_circuit
time t: s
state q: C
param L: V*s^2/C = 1e-3
param R: V*s/C = fit 2 in (0, 10)
param C: C/V = 1e-6
dtt(q) = -R/L*dt(q) - q/(L*C)

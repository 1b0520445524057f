# Van der Pol oscillator: the damping is a polynomial to be found.
model van_der_pol
time t: s
state q: m
param k: 1/s^2 = 1
learned damping(q, dt(q)) by poly(3) with damping(0, 0) = 0
dtt(q) = -k*q + damping

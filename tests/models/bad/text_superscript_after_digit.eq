state u1
param ω0 = 1
dt(u1) = -ω0²*u1²

# Stiff chemical kinetics.
model robertson
state a, b, c
param k1 = 0.04
param k2 = 3e7
param k3 = 1e4
known fast = k2*b^2
known back = k3*b*c
dt(a) = -k1*a + back
dt(b) = k1*a - back - fast
dt(c) = fast
init a = 1
init b = 0
init c = 0
law mass = a + b + c constant

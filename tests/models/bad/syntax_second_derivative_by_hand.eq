state u
d^2u/dt^2 = -u

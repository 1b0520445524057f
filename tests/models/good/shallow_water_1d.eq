model shallow_water_1d
space x: m in [0, 100] periodic
time t: s
state h(x): m in (0, inf), q(x): m^2/s
param g: m/s^2 = 9.81
dt(h) = -dx(q)
dt(q) = -dx(q^2/h + g*h^2/2)
law mass = integral(h) constant

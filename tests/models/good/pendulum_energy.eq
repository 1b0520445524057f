model pendulum_energy "undamped, exact"
time t: s
state theta: rad, omega: rad/s
param g: m/s^2 = 9.81
param L: m = fit 1 in (0.1, 10)
dt(theta) = omega
dt(omega) = -g/L*sin(theta)
init theta = 0.5
init omega = 0
law energy = omega^2/2 - g/L*cos(theta) constant

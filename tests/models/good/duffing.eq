# Duffing oscillator under a periodic force; the time stands in the equation.
model duffing
time t
state x
param delta = 0.2
param gamma = 0.3
param omega = fit 1.2 in (0.5, 2)
learned stiffness(x) by mlp(16, 16) with odd(x)
dtt(x) = -delta*dt(x) - stiffness + gamma*cos(omega*t)
init x = 0
init dt(x) = 0

# The equation of the data.
model pendulum_true

state theta, omega
param omega0 = 1.0471975511965976
param alpha = 0.2

dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) - alpha*omega

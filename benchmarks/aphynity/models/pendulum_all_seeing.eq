# Incomplete physics and the paper's learned term: it sees the whole state and is added to both rates.
model pendulum_all_seeing

state theta, omega
param omega0 = fit 0.4472 in (0, 5)
learned rate_theta(theta, omega), rate_omega(theta, omega) by mlp(32, 32)

dt(theta) = omega + rate_theta
dt(omega) = -omega0^2*sin(theta) + rate_omega

# Complete physics and the paper's learned term, which has nothing to do.
model pendulum_complete_learned

state theta, omega
param omega0 = fit 0.4472 in (0, 5)
param alpha = fit 0.1 in (0, 5)
learned rate_theta(theta, omega), rate_omega(theta, omega) by mlp(32, 32)

dt(theta) = omega + rate_theta
dt(omega) = -omega0^2*sin(theta) - alpha*omega + rate_omega

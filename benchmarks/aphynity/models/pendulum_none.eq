# No physics: both rates are learned.
model pendulum_none

state theta, omega
learned rate_theta(theta, omega), rate_omega(theta, omega) by mlp(32, 32)

dt(theta) = rate_theta
dt(omega) = rate_omega

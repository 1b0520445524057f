# Every pointwise function once.
model functions
state u, v
dt(u) = sin(u) + cos(u) + tan(u/10) + atan(u) + atan2(u, v) + sinh(u/9) + cosh(u/9) + tanh(u) - exp(-u^2)
      + log(1 + u^2) + log10(1 + u^2) + sqrt(1 + u^2) + abs(u) + sign(u) + min(u, v) + max(u, v) + floor(u)
      + heaviside(u) + erf(u) + sigmoid(u) + relu(u) + softplus(u) + ifelse(u < v, u, v) - 2^3^2*u**2
dt(v) = -v + asin(u/(1 + abs(u))) + acos(u/(1 + abs(u)))

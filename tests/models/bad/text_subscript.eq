state u
param k₁ = 2
dt(u) = -k₁*u

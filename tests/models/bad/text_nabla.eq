state u
dt(u) = ∇u + √u

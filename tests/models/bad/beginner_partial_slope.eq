space x in [0,1]
state u(x)
dt(u) = ∂²u/∂x²

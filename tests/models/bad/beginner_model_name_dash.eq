# Lotka
model my-model
state u
dt(u) = -u

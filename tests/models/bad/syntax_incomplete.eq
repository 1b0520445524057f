model
space
state
param
learned
bc
init u
let a =
learned f(

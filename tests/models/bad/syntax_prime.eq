state u(x)
let a = u'
let b = 'text'

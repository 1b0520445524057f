"""Methods of integration in time: a table of numbers each where mathematics allows, an engine a family, one entrance."""

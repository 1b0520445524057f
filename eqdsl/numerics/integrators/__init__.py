"""Methods of integration in time: tables of numbers where mathematics allows, an engine a family, one entrance."""

"""Every seam of Shipbell as a Protocol, and the values that cross it."""

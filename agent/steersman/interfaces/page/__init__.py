"""The page at `/`: incidents for people with a browser. Rendered here, readable without JavaScript, nothing from elsewhere."""

"""The step page: forward, backward and update as steps, on an HTML page or as stills for slides."""

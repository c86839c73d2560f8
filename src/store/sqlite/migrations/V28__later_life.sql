-- By which change a gap was mended, and whose that was, as JSON.
ALTER TABLE alerts ADD COLUMN moved TEXT;

-- What is known of an earlier episode that somebody was told is over, as JSON.
ALTER TABLE alerts ADD COLUMN earlier TEXT;

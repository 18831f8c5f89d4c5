-- Which target a piece of news is about, when it is about one.
ALTER TABLE news ADD COLUMN target TEXT;

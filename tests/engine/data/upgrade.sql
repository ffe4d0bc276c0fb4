-- What people's databases hold: odd names, every sort of type, accounts, code, and what an upgrade could lose.
SET NAMES utf8mb4;
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE `the archive` CHARACTER SET latin1;
CREATE USER 'app'@'%' IDENTIFIED BY 'app';
CREATE USER 're''ader'@'10.%' IDENTIFIED BY 'reader';
GRANT ALL ON shop.* TO 'app'@'%';
GRANT SELECT ON `the archive`.* TO 're''ader'@'10.%' WITH GRANT OPTION;
USE shop;
CREATE TABLE customers (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, mail VARCHAR(80) CHARACTER SET latin1, born DATE, UNIQUE KEY mail (mail)) ENGINE=InnoDB;
INSERT INTO customers (name, mail, born) VALUES ('Ana 🐘', 'ana@example', '1990-02-28'), ('Bœuf', 'b@example', NULL), ('', NULL, '0001-01-01');
ALTER TABLE customers AUTO_INCREMENT = 1000;
CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), price DECIMAL(12,4), weight DOUBLE, ratio FLOAT, flags BIT(7), state ENUM('new','paid'), tags SET('a','b','c'), spent TIME(3), made YEAR, doc JSON, picture LONGBLOB, gross DECIMAL(12,2) GENERATED ALWAYS AS (price * 1.19) STORED, KEY customer (customer), CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE) ENGINE=InnoDB;
INSERT INTO orders (customer, at, price, weight, ratio, flags, state, tags, spent, made, doc, picture) VALUES
 (1, '2024-03-31 02:30:00.123456', 12.5, 1/3, 1/3, b'1010101', 'new', 'a,c', '-12:34:56.789', 2024, '{"b": [1, 2.5, null], "a": "ü"}', UNHEX('00FF0D0A5C27')),
 (1, '2024-03-31 02:30:00', 0.0001, 1e100, 1e10, NULL, 'paid', '', '838:59:59', 1999, NULL, REPEAT(x'DEADBEEF00', 20000)),
 (2, '1999-12-31 23:59:59', -7, -0.1, 16777217, b'0', NULL, NULL, NULL, NULL, '[]', '');
CREATE TABLE old_log (at DATETIME, line TEXT, FULLTEXT KEY line (line)) ENGINE=MyISAM CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO old_log VALUES ('2001-01-01', 'tab\tnewline\n''quote'''), (NULL, NULL);
CREATE TABLE moves (id INT NOT NULL, part INT NOT NULL, PRIMARY KEY (id, part)) PARTITION BY HASH (part) PARTITIONS 3;
INSERT INTO moves VALUES (1, 1), (1, 2), (2, 7);
CREATE TABLE tree (id INT PRIMARY KEY, up INT, CONSTRAINT tree_up FOREIGN KEY (up) REFERENCES tree (id));
INSERT INTO tree VALUES (1, 1), (2, 1), (0, 2);
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20));
DELIMITER //
CREATE TRIGGER orders_audit AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('order ', NEW.id))//
CREATE FUNCTION doubled(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN x * 2//
CREATE DEFINER = 'app'@'%' PROCEDURE spend(IN who INT, OUT total DECIMAL(12,4)) READS SQL DATA
BEGIN
  -- a remark with 'quotes'
  SELECT SUM(price) INTO total FROM orders WHERE customer = who;
END//
CREATE EVENT tidy ON SCHEDULE EVERY 1 SECOND STARTS '2020-01-01 00:00:00' DO DELETE FROM shop.audit WHERE id < 0//
DELIMITER ;
CREATE DEFINER = 'app'@'%' VIEW spending AS SELECT c.name, doubled(COUNT(*)) AS twice FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name;
INSERT INTO orders (customer, at, price) VALUES (2, '2020-02-20 20:20:20', 5);
USE `the archive`;
CREATE TABLE `odd ``name` (`the key` VARCHAR(10) PRIMARY KEY, n INT);
INSERT INTO `odd ``name` VALUES ('ä', 1), ('b', NULL);
CREATE VIEW across AS SELECT * FROM shop.spending;

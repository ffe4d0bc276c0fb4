variable "engine_version" {}

resource "aws_db_instance" "shop" {
  identifier     = "shop"
  engine         = "postgres"
  engine_version = var.engine_version
  password       = "c4n4ry"
}

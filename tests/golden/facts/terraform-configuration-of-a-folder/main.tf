variable "postgres" {
  default = "14.1"
}

module "db" {
  source  = "./modules/db"
  engine_version = var.postgres
}

module "unknown" {
  source         = "acme/cache/aws"
  engine_version = "7.0"
}

# Writes SOURCE.tsv of every source of sources.py into a folder, from files of public repositories that are given:
#   Rscript prepare_sources.R OUT FILES
# FILES holds, under their own names: from BNadel/GEDIT 10XImmune.tsv, HPCA_Recommended.csv and
# HumanBodyAtlas_PrimaryCellsOnly.tsv; from kalidouBA/DICEPRO BlueCode.rda; from kircherlab/cfDNA
# RNAtableBlood.tsv.gz; from stephenturner/annotables grch38.rda; from Nanostring-Biostats/CellProfileLibrary the
# .RData named below.
words <- commandArgs(trailingOnly = TRUE)
out <- words[1]
given <- function(name) file.path(words[2], name)

write_source <- function(values, name) {
  table <- data.frame(gene = rownames(values), signif(values, 6), check.names = FALSE)
  write.table(table, file.path(out, paste0(name, ".tsv")), sep = "\t", quote = FALSE, row.names = FALSE)
}

# Means of logarithms of counts per 10,000, in some unit: of the unit that makes the sum 10,000 again.
to_linear <- function(values) {
  apply(values, 2, function(column) {
    total <- function(unit) sum(expm1(column / unit)) - 1e4
    column_max <- max(column)
    expm1(column / uniroot(total, c(column_max / 12, column_max))$root)
  })
}

library_profiles <- function(name) {
  found <- new.env()
  load(given(paste0(name, ".RData")), found)
  as.matrix(found$profile_matrix)
}

plain <- c(census = "ImmuneCensus_HCA", wilk = "PBMCs_COVID19_cellAtlas", lung = "Lung_HCA")
for (name in names(plain)) write_source(library_profiles(plain[[name]]), name)
logged <- c(
  immunodeficiency = "Immunodeficiency_PBMCs_COVID19_cellAtlas", mgh = "MGH_Broad_COVID19_cellAtlas",
  skin = "Skin_HCA", lavage = "Bronchoalveolar_lavage_fluid_COVID19_cellAtlas"
)
for (name in names(logged)) write_source(to_linear(library_profiles(logged[[name]])), name)

spleen <- library_profiles("Spleen_HCA")
colon <- to_linear(library_profiles("Colon_HCA"))
both <- intersect(rownames(spleen), rownames(colon))
write_source(cbind(spleen[both, ], colon[both, ]), "spleen")

read_table <- function(name, sep) {
  table <- read.table(given(name), sep = sep, header = TRUE, check.names = FALSE, quote = "", comment.char = "")
  table <- table[!duplicated(table[[1]]), ]
  as.matrix(data.frame(table[-1], row.names = table[[1]], check.names = FALSE))
}
write_source(read_table("10XImmune.tsv", "\t"), "zheng")
found <- new.env()
load(given("BlueCode.rda"), found)
write_source(as.matrix(found$BlueCode), "bluecode")
hpca <- read_table("HPCA_Recommended.csv", ",")
write_source(hpca, "hpca")
relative <- read_table("HumanBodyAtlas_PrimaryCellsOnly.tsv", "\t")
both <- intersect(rownames(relative), rownames(hpca))
write_source(relative[both, ] * apply(hpca[both, ], 1, median), "biogps")

hpa <- read_table("RNAtableBlood.tsv.gz", "\t")
found <- new.env()
load(given("grch38.rda"), found)
symbols <- as.data.frame(found$grch38)
names_of <- symbols$symbol[match(rownames(hpa), symbols$ensgene)]
kept <- !is.na(names_of) & names_of != "" & !duplicated(names_of)
write_source(`rownames<-`(hpa[kept, ], names_of[kept]), "hpa")

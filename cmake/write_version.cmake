# Writes the source of kvc_version, if it changes: -D SOURCE_DIR -D VERSION -D OUTPUT.
# Without git, or outside of a clone, the revision is empty.
execute_process(COMMAND git describe --always --dirty --exclude=*
  WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE REVISION
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
configure_file(${SOURCE_DIR}/cmake/build_version.cpp.in ${OUTPUT} @ONLY)

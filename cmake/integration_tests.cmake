# One test per script of tests/integration; they run the programs just built.
file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests/integration
  ${PROJECT_SOURCE_DIR}/tests/integration/*_test.py)
foreach(script ${scripts})
  string(REGEX REPLACE "_test\\.py$" "" name integration_${script})
  add_test(NAME ${name}
    COMMAND python3 -m unittest discover -s tests/integration -p ${script}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES
    LABELS integration TIMEOUT 900 RUN_SERIAL ON FAIL_REGULAR_EXPRESSION "Ran 0 tests"
    ENVIRONMENT "KVC_BIN=${PROJECT_BINARY_DIR}/bin;PYTHONDONTWRITEBYTECODE=1")
endforeach()

# SPDX-License-Identifier: Apache-2.0
# otabahn_module(NAME DEPS … [LIBRARIES …] [TEST_DEPS …] [FREESTANDING])
#   One folder, one static library `otabahn_NAME`, made of every *.cpp beside the CMakeLists.txt but *_test.cpp; those make
#   `NAME_test`. DEPS are other folders of ours, and the only ones its files may include (checked at build time);
#   LIBRARIES are outside libraries. Statements in sql/*.sql become NAME/sql.hpp. FREESTANDING: no exceptions, no RTTI.

set_property(GLOBAL PROPERTY OTABAHN_MODULES "")

add_library(otabahn_warnings INTERFACE)
target_compile_options(otabahn_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Known false alarms of g++ 12 in libstdc++ and Boost at -O2.
  target_compile_options(otabahn_warnings INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict
    -Wno-dangling-pointer -Wno-mismatched-new-delete -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
endif()
if(OTABAHN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(OTABAHN_TSAN)
  add_compile_options(-fsanitize=thread)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, which this TSan does not see; what they order is also ordered by the mutex of Asio's queue.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=thread)
endif()
if(OTABAHN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

function(otabahn_module name)
  cmake_parse_arguments(M "FREESTANDING" "ROOT" "DEPS;LIBRARIES;TEST_DEPS;TEST_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  list(REMOVE_ITEM sources ${tests} "")
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "^src/" "" include_name ${folder})

  set(target otabahn_${name})
  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE otabahn_warnings)
    if(M_FREESTANDING)
      target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti)
    endif()
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}
    ${PROJECT_BINARY_DIR}/generated)
  foreach(dep ${M_DEPS})
    target_link_libraries(${target} ${scope} otabahn_${dep})
  endforeach()
  target_link_libraries(${target} ${scope} ${M_LIBRARIES})

  file(GLOB statements CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sql/*.sql)
  if(statements)
    set(header ${PROJECT_BINARY_DIR}/generated/${include_name}/sql.hpp)
    add_custom_command(OUTPUT ${header}
      COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/embed_sql.py ${name} ${header} ${statements}
      DEPENDS ${PROJECT_SOURCE_DIR}/cmake/embed_sql.py ${statements} VERBATIM)
    add_custom_target(${target}_sql DEPENDS ${header})
    add_dependencies(${target} ${target}_sql)
  endif()

  string(JOIN "," deps ${M_DEPS})
  string(JOIN "," test_deps ${M_TEST_DEPS})
  set_property(GLOBAL APPEND PROPERTY OTABAHN_MODULES "${folder} ${name} ${deps}|${test_deps}")

  if(tests AND BUILD_TESTING AND NOT OTABAHN_FUZZ)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} otabahn_warnings GTest::gmock GTest::gtest_main ${M_TEST_LIBRARIES})
    foreach(dep ${M_TEST_DEPS})
      target_link_libraries(${name}_test PRIVATE otabahn_${dep})
    endforeach()
    # What is tested is optimised; the tests themselves only cost build time.
    target_compile_options(${name}_test PRIVATE -O0)
    target_compile_definitions(${name}_test PRIVATE OTABAHN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(NOT TARGET unit_tests)
      add_custom_target(unit_tests)
    endif()
    add_dependencies(unit_tests ${name}_test)
    add_test(NAME ${name}_test COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()
endfunction()

function(otabahn_check_includes)
  get_property(modules GLOBAL PROPERTY OTABAHN_MODULES)
  string(JOIN "\n" text ${modules})
  file(WRITE ${PROJECT_BINARY_DIR}/modules.txt "${text}\n")
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.[ch]pp ${PROJECT_SOURCE_DIR}/device/*.[ch]pp)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/includes.checked
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/check_includes.py ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/modules.txt
    COMMAND ${CMAKE_COMMAND} -E touch ${PROJECT_BINARY_DIR}/includes.checked
    DEPENDS ${PROJECT_SOURCE_DIR}/cmake/check_includes.py ${PROJECT_BINARY_DIR}/modules.txt ${files} VERBATIM)
  add_custom_target(check_includes ALL DEPENDS ${PROJECT_BINARY_DIR}/includes.checked)
endfunction()
